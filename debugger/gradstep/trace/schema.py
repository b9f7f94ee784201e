"""The tables of a trace file; docs/trace-format.md explains them to people.

Everything is keyed by run first, so that one file can hold restarts, ranks and branches.
"""

from __future__ import annotations

from typing import Final

APPLICATION_ID: Final = 0x67726164  # "grad"
SCHEMA_VERSION: Final = 1

TABLES: Final = """
CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    parent INTEGER, parent_seq INTEGER,      -- the run and event this one forked off from
    rank INTEGER,                            -- of a distributed job
    script TEXT NOT NULL, argv TEXT NOT NULL, cwd TEXT NOT NULL,      -- argv: JSON list
    engine TEXT NOT NULL, versions TEXT NOT NULL,                     -- versions: JSON object
    detail TEXT NOT NULL,                    -- phases | events | values
    pid INTEGER, started REAL, finished REAL,
    exit_status INTEGER, error TEXT          -- error: JSON {type, message, traceback} or NULL
);
CREATE TABLE source (run INTEGER, file TEXT, text TEXT, PRIMARY KEY (run, file));
CREATE TABLE text (id INTEGER PRIMARY KEY, value TEXT UNIQUE NOT NULL);   -- interned strings
CREATE TABLE event (
    run INTEGER, seq INTEGER,
    kind INTEGER, phase INTEGER, iteration INTEGER, step INTEGER,     -- kind, phase, name, module,
    name INTEGER, module INTEGER, calls TEXT,                         -- file, call_file: text.id
    file INTEGER, line INTEGER, call_file INTEGER, call_line INTEGER,
    enclosing INTEGER, op INTEGER,
    detail TEXT,                                                      -- JSON object or NULL
    PRIMARY KEY (run, seq)
) WITHOUT ROWID;
CREATE INDEX event_by_kind ON event (run, kind, seq);
CREATE INDEX event_by_iteration ON event (run, iteration, seq);
CREATE TABLE event_tensor (                  -- which tensors an event is about
    run INTEGER, seq INTEGER, position INTEGER, role INTEGER,         -- role: text.id
    tensor INTEGER, version INTEGER,         -- tensor NULL: this place is None
    PRIMARY KEY (run, seq, position)
) WITHOUT ROWID;
CREATE INDEX event_of_tensor ON event_tensor (run, tensor, seq);
CREATE TABLE tensor (                        -- what never changes about a tensor
    run INTEGER, id INTEGER, first_seq INTEGER, is_leaf INTEGER, is_parameter INTEGER,
    PRIMARY KEY (run, id)
) WITHOUT ROWID;
CREATE INDEX parameter ON tensor (run, id) WHERE is_parameter = 1;
CREATE TABLE tensor_name (                   -- how: parameter | buffer | variable | op
    run INTEGER, tensor INTEGER, seq INTEGER, name TEXT, how TEXT,
    PRIMARY KEY (run, tensor, seq, how)
) WITHOUT ROWID;
CREATE INDEX tensor_by_name ON tensor_name (run, name, seq);
CREATE TABLE value (                         -- one version of one tensor, first seen at seq
    run INTEGER, tensor INTEGER, seq INTEGER, version INTEGER,
    shape TEXT, dtype TEXT, requires_grad INTEGER,
    min REAL, max REAL, mean REAL, std REAL, norm REAL,
    zeros INTEGER, nan INTEGER, inf INTEGER,
    content BLOB,                            -- little-endian, C order; NULL: not recorded
    PRIMARY KEY (run, tensor, seq, version)  -- one event may show a tensor before and after
);
CREATE TABLE grad (                          -- from seq on, param.grad is this; tensor NULL: None
    run INTEGER, param INTEGER, seq INTEGER, tensor INTEGER,
    PRIMARY KEY (run, param, seq)
) WITHOUT ROWID;
CREATE TABLE optimizer (                     -- from seq on, the optimizer holds these groups
    run INTEGER, id INTEGER, seq INTEGER, class TEXT, name TEXT,      -- name: script's variable
    groups TEXT,                             -- JSON [{"params": [tensor ids], "lr": ..., ...}]
    PRIMARY KEY (run, id, seq)
) WITHOUT ROWID;
CREATE TABLE optimizer_state (               -- from seq on, state[param][name] is this
    run INTEGER, optimizer INTEGER, param INTEGER, seq INTEGER, name TEXT,
    number REAL, tensor INTEGER,             -- a plain number, or a tensor
    PRIMARY KEY (run, optimizer, param, name, seq)
) WITHOUT ROWID;
"""
