-- All that the simulator remembers. Times are seconds since 1970, on its own clock.
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value REAL NOT NULL);
CREATE TABLE IF NOT EXISTS loads (number INTEGER PRIMARY KEY, part TEXT UNIQUE NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tokens (token TEXT PRIMARY KEY, app TEXT NOT NULL, expires_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS departments (id INTEGER PRIMARY KEY, parentid INTEGER NOT NULL, name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS staff (
  userid TEXT PRIMARY KEY, name TEXT NOT NULL, department INTEGER NOT NULL DEFAULT 1,
  visible INTEGER NOT NULL DEFAULT 1,
  activated INTEGER NOT NULL DEFAULT 1, capacity INTEGER NOT NULL DEFAULT 20000,
  friends_elsewhere INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS people (
  person TEXT PRIMARY KEY, unionid TEXT UNIQUE, openid TEXT UNIQUE NOT NULL, external_userid TEXT UNIQUE NOT NULL,
  name TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS relations (
  userid TEXT, external_userid TEXT, at REAL NOT NULL, stage TEXT NOT NULL, add_way INTEGER NOT NULL, state TEXT,
  welcomed INTEGER NOT NULL DEFAULT 0, note TEXT NOT NULL DEFAULT '{}', PRIMARY KEY (userid, external_userid)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS relations_of_customer ON relations (external_userid);
CREATE TABLE IF NOT EXISTS tags (id TEXT PRIMARY KEY, name TEXT NOT NULL, group_id TEXT NOT NULL, group_name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS relation_tags (
  userid TEXT, external_userid TEXT, tag TEXT, PRIMARY KEY (userid, external_userid, tag)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS welcome_codes (
  code TEXT PRIMARY KEY, userid TEXT NOT NULL, external_userid TEXT NOT NULL, expires_at REAL NOT NULL, used INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS welcome_codes_of_pair ON welcome_codes (userid, external_userid);
CREATE INDEX IF NOT EXISTS welcome_codes_by_end ON welcome_codes (expires_at);
CREATE TABLE IF NOT EXISTS ways (config_id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS join_ways (config_id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS chats (
  chat_id TEXT PRIMARY KEY, owner TEXT NOT NULL, name TEXT NOT NULL, at REAL NOT NULL, dismissed INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS versions (chat_id TEXT, at REAL, version TEXT, PRIMARY KEY (chat_id, at)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seats (
  id INTEGER PRIMARY KEY, chat_id TEXT NOT NULL, external_userid TEXT NOT NULL, joined_at REAL NOT NULL, left_at REAL,
  scene INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS seats_of_chat ON seats (chat_id, external_userid);
CREATE INDEX IF NOT EXISTS seats_of_customer ON seats (external_userid) WHERE left_at IS NULL;
CREATE TABLE IF NOT EXISTS outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, kind TEXT NOT NULL, associate TEXT, external_userid TEXT,
  chat TEXT, body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS outbox_of_employee ON outbox (kind, associate, at);
CREATE TABLE IF NOT EXISTS callbacks (
  id INTEGER PRIMARY KEY AUTOINCREMENT, app TEXT NOT NULL, lane TEXT NOT NULL, body TEXT NOT NULL, given_up INTEGER NOT NULL
);
