import dlt


@dlt.on_event_hook
def on_event(event):
    print(event)
