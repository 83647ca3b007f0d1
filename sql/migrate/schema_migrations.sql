-- The applied migration files, each with the SHA-256 of its text when it was applied.
CREATE TABLE IF NOT EXISTS schema_migrations (
  version    INT UNSIGNED NOT NULL,
  name       VARCHAR(64)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  checksum   CHAR(64)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  applied_at DATETIME(6)  NOT NULL,
  PRIMARY KEY (version)
) ENGINE = InnoDB;
