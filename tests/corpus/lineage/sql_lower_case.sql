create or refresh streaming table a (constraint c expect (id > 0) on violation drop row) as
select * from stream(live.b) b left join c on b.id = c.id;
apply changes into d from stream(a) keys (id) sequence by ts;
