"""Only a helper."""
import dlt


def helper(frame):
    return frame.dropDuplicates()
