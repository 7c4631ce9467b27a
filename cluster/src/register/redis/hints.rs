//! [`Said`]: what a server that refuses has said, and what to do then.

use core::fmt;
use redis::ServerError;

pub(super) struct Said<'a>(pub(super) &'a ServerError);

/// The code of an error, and what to do. The texts of codes that say little are looked at below.
const BY_CODE: [(&str, &str); 19] = [
    ("LOADING", "the server loads its data: it answers when that is done"),
    (
        "READONLY",
        "the server is a replica, which takes no writes: connect to the primary, or ask sentinels for it \
         (`redis+sentinel:`)",
    ),
    ("MASTERDOWN", "the server is a replica and has lost its primary: connect to the primary"),
    ("OOM", "the server has no memory left: raise its `maxmemory`, or free some"),
    ("NOAUTH", "the server wants a password: give one, as in `redis://USER:PASSWORD@HOST/NAME`"),
    ("WRONGPASS", "the server does not accept this user or this password: correct them"),
    ("NOPERM", "the user lacks a right: grant those that the documentation of `Redis` lists"),
    ("MISCONF", "the server cannot save its data: look at its disk and its log"),
    ("NOREPLICAS", "the server has fewer replicas than it demands: look at `min-replicas-to-write`"),
    ("BUSY", "the server is busy with another script: wait, or end that by `SCRIPT KILL`"),
    ("DENIED", "the server accepts only its own machine: set a password on it, and `bind`"),
    (
        "MOVED",
        "the server is a node of a Redis Cluster and does not hold the key, and neither does the node that it \
         named: the cluster is being changed, or the address that it names leads elsewhere",
    ),
    ("ASK", "the server is a node of a Redis Cluster, and the key is on its way to another node: wait"),
    ("TRYAGAIN", "the server is a node of a Redis Cluster, and the key is on its way to another node: wait"),
    ("CLUSTERDOWN", "the server is a node of a Redis Cluster that is down: look at `CLUSTER INFO`"),
    ("CROSSSLOT", "the server is a node of a Redis Cluster, which refuses the key"),
    ("WRONGTYPE", "the key holds another type than a text"),
    ("GARBLED", "the server received something else than was sent: look at the proxies on the way"),
    ("NOSCRIPT", "the server forgets scripts: grant `+eval` as well"),
];

/// What an error without a code of its own contains, and what to do.
const BY_TEXT: [(&str, &str); 6] = [
    ("can't run this command", "the user lacks a right: grant those that the documentation of `Redis` lists"),
    ("DB index", "the server has no database of this number: correct `db`"),
    ("SELECT is not allowed", "a node of a Redis Cluster has only database 0: leave out `db`"),
    ("password", "the server has no password for this user: leave it out, or set one"),
    ("max number of clients", "the server has as many clients as it accepts: raise its `maxclients`"),
    ("unknown command", "the server, or a proxy before it, lacks a command: use Redis from 5 on, or Valkey"),
];

impl Said<'_> {
    fn hint(&self) -> Option<&'static str> {
        let details = self.0.details().unwrap_or_default();
        let by_code = BY_CODE.iter().find(|(code, _)| *code == self.0.code());
        by_code.or_else(|| BY_TEXT.iter().find(|(text, _)| details.contains(text))).map(|(_, hint)| *hint)
    }
}

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(hint) = self.hint() {
            write!(f, "{hint}: ")?;
        }
        write!(f, "{} {}", self.0.code(), self.0.details().unwrap_or_default())
    }
}
