-- What an account sees that may not read the members of a group: whether the server takes writes, and whether it is set up
-- for a group at all. Every account may read the variables.
SELECT
    @@GLOBAL.read_only AS read_only,
    (SELECT VARIABLE_VALUE FROM performance_schema.global_variables
     WHERE VARIABLE_NAME = 'group_replication_group_name') AS group_name
