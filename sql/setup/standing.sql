-- Whether a server takes writes, and the group it belongs to. It is asked in the round trip that sets a connection up.
-- MariaDB skips the comments with a version: it has no such groups.
SELECT
    -- Each is on for a member that is not the primary; the second also for accounts that may ignore the first.
    @@GLOBAL.read_only AS read_only,
    /*!80000 @@GLOBAL.super_read_only AS super_read_only,
    @@GLOBAL.offline_mode AS offline_mode,
    @@GLOBAL.server_uuid AS server_uuid,
    -- NULL without a group. A server that has left its group sees itself alone, as OFFLINE or in ERROR.
    (SELECT JSON_ARRAYAGG(JSON_ARRAY(MEMBER_ID, MEMBER_HOST, MEMBER_PORT, MEMBER_STATE, MEMBER_ROLE))
     FROM performance_schema.replication_group_members) AS members, */
    VERSION() AS version
