CREATE /* a comment; FROM x */ MATERIALIZED VIEW m AS -- SELECT * FROM y
SELECT /*+ BROADCAST(b), REPARTITION(3) */ * /* outer /* inner FROM z */ still; */
FROM a JOIN /* JOIN c */ b -- , d
USING (id);
