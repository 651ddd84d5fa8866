-- A primary has nothing to promote: refused, with the reason, and on record.
SELECT check_name, status, value, message, hint FROM baton.promotion_check;
SELECT outcome, reason, timeline, lsn FROM baton.promote();
SELECT outcome, reason FROM baton.promote(force => true);
SELECT outcome, reason FROM baton.promote(wait => false);
SELECT * FROM baton.promote(timeout => '0 s');
SELECT * FROM baton.promote(timeout => '1 month');
SELECT kind, outcome, force, reason, finished_at IS NOT NULL AS is_finished
  FROM baton.requests ORDER BY request_id;
SELECT role FROM baton.node_status;
-- But it may be demoted, or hand over, and says what would keep it from that.
SELECT check_name, status, value, message FROM baton.demotion_check;
SELECT check_name, status, value, message, hint FROM baton.switchover_check('nobody')
  WHERE check_name LIKE 'target%' OR check_name LIKE 'sync%';
SELECT message, hint FROM baton.switchover_check('regress') WHERE status = 'critical';
