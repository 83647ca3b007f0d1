#!/bin/sh
# Of MariaDB's public image: whether the server takes connections.
exec mysqladmin ping --host=127.0.0.1 --silent
