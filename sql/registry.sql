-- Nodes are registered on the primary, without passwords.
SELECT baton.register_node('a', 'host=10.0.0.1 port=5432 user=baton_node dbname=postgres');
SELECT baton.register_node('b', 'host=10.0.0.2', 50, '{"site": "north"}');
SELECT name, conninfo, priority, tags FROM baton.node ORDER BY name;
-- Again changes the entry; the same again changes nothing.
SELECT baton.register_node('b', 'host=10.0.0.3', 50, '{"site": "north"}');
SELECT name, conninfo, priority, tags, xmin::text::bigint > 0 AS there FROM baton.node ORDER BY name;
SELECT xmin AS before FROM baton.node WHERE name = 'b' \gset
SELECT baton.register_node('b', 'host=10.0.0.3', 50, '{"site": "north"}');
SELECT xmin = :'before'::xid AS untouched FROM baton.node WHERE name = 'b';
-- Bad input says what is wrong and changes nothing.
SELECT baton.register_node('B', 'host=10.0.0.2');
SELECT baton.register_node('', 'host=10.0.0.2');
SELECT baton.register_node('c', 'host=10.0.0.2 password=secret');
SELECT baton.register_node('c', 'postgresql://baton_node:secret@10.0.0.2/postgres');
SELECT baton.register_node('c', 'host=10.0.0.2 user=postgres');
SELECT baton.register_node('c', 'host=/var/run/postgresql');
SELECT baton.register_node('c', 'host=10.0.0.2 passfile=/etc/passwd');
SELECT baton.register_node('c', 'host=10.0.0.2 sslrootcert=' || repeat('x', 600));
SELECT baton.register_node('c', 'user=baton_node');
SELECT baton.register_node('c', 'host=10.0.0.2 nonsense=1');
SELECT baton.register_node('c', 'host=10.0.0.2', -1);
SELECT baton.register_node(NULL, 'host=10.0.0.2');
SELECT baton.unregister_node('nobody');
SELECT baton.unregister_node(NULL);
SELECT count(*) FROM baton.node;
SELECT baton.unregister_node('a');
SELECT baton.unregister_node('b');
-- Nothing to verify where nobody is registered.
SELECT * FROM baton.verify_replication();
SELECT * FROM baton.verify_replication('0 s');
SELECT * FROM baton.verify_replication('1 month');
