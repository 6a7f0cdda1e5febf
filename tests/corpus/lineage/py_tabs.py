import dlt
if True:
	@dlt.table
	def tabbed():
		frame = spark.table("t1")
		if frame.columns:
			return frame
		return spark.table("t2")
