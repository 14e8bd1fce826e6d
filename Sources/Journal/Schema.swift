internal import GRDB

/// The tables of a journal, by version.
enum Schema {
    static let migrator: DatabaseMigrator = {
        var migrator = DatabaseMigrator()
        // `event` is append-only by trigger as well: against mistakes, not against whoever can write the file.
        // `head` repeats the last event, so that cutting off the end does not go unseen.
        migrator.registerMigration("v1") { database in
            try database.execute(
                sql: """
                    CREATE TABLE event (
                        sequence INTEGER PRIMARY KEY NOT NULL,
                        at INTEGER NOT NULL,
                        kind TEXT NOT NULL,
                        workload TEXT,
                        revision TEXT,
                        message TEXT NOT NULL,
                        details TEXT NOT NULL,
                        hash BLOB NOT NULL
                    ) STRICT;
                    CREATE INDEX event_by_workload ON event (workload, sequence);
                    CREATE TRIGGER event_keeps BEFORE DELETE ON event
                        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
                    CREATE TRIGGER event_stays BEFORE UPDATE ON event
                        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
                    CREATE TABLE head (
                        id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
                        sequence INTEGER NOT NULL,
                        hash BLOB NOT NULL
                    ) STRICT;
                    INSERT INTO head VALUES (1, 0, zeroblob(32));
                    CREATE TABLE fact (
                        key TEXT PRIMARY KEY NOT NULL,
                        value BLOB NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    """)
        }
        // For those who look for something: the events of a kind, and those of a time.
        migrator.registerMigration("v2") { database in
            try database.execute(
                sql: """
                    CREATE INDEX event_by_kind ON event (kind, sequence);
                    CREATE INDEX event_by_time ON event (at);
                    """)
        }
        return migrator
    }()
}
