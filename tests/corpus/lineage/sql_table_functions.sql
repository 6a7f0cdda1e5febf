CREATE MATERIALIZED VIEW a AS SELECT * FROM range(10) r JOIN t ON r.id = t.id;
CREATE MATERIALIZED VIEW b AS SELECT * FROM explode(array(1, 2)), inline((SELECT list FROM u));
CREATE STREAMING TABLE c AS SELECT * FROM STREAM read_kafka(bootstrapServers => 'h:9092', subscribe => 'topic');
CREATE MATERIALIZED VIEW d AS SELECT * FROM table_changes('main.raw.x', 1, 5), table_changes('y', 2);
CREATE MATERIALIZED VIEW e AS SELECT * FROM event_log(TABLE(main.s.a)) WHERE level = 'ERROR';
CREATE MATERIALIZED VIEW f AS SELECT * FROM event_log('6d1f');
CREATE MATERIALIZED VIEW g AS SELECT * FROM stack(2, 1, 2), json_tuple('{}', 'a'), variant_explode(parse_json('[]'));
