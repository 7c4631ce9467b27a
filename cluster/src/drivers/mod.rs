//! [`Drivers`]: opens registers by name, so that the choice of the register is configuration.

mod error;
mod location;
mod notation;
mod standard;

pub use self::error::{NameError, OpenError};
pub use self::location::Location;

use crate::register::Register;
use core::error::Error;
use core::fmt;
use core::time::Duration;
use std::sync::Arc;

/// Opens registers by what a configuration says about them.
///
/// ```
/// use atomic_throttle_cluster::{ClusterThrottled, Drivers};
/// use std::time::Duration;
///
/// let opened = Drivers::standard().open("memory:?lease=5s")?;
/// let throttled = ClusterThrottled::builder(Duration::from_millis(10)).at(opened).spawn(|_| ())?;
/// throttled.trigger()?;
///
/// let error = Drivers::standard().open("etcd://host/reload").unwrap_err();
/// assert!(error.to_string().contains("memory"), "it lists what is known: {error}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A location is `DRIVER:REST?PARAMETERS`. `DRIVER` is the alias of a driver or its full type name, compared
/// exactly.
///
/// | location | register | parameters |
/// |---|---|---|
/// | `memory:` | [`Memory`](crate::register::Memory), a new one each time | |
/// | `shm:/run/agent/reload` | `SharedMemory`, in the file of that absolute path (feature `shm`) | `mode`, in octal: `0600`; `timeout` of opening |
/// | `redis://USER:PASSWORD@HOST:PORT/NAME` or `valkey://...` | `Redis`, at the key of that name (feature `redis`) | `prefix`, `db`, `retention`, `timeout` of each operation, `replicas` |
/// | `rediss://...` or `valkeys://...` | the same over TLS (feature `tls`) | the same |
/// | `redis+unix:/run/redis.sock?name=NAME` | the same over a Unix socket; with a password `redis+unix://USER:PASSWORD@localhost/run/redis.sock?name=NAME` | the same, and `name` |
/// | `redis+sentinel://USER:PASSWORD@H1:26379/NAME?master=mymaster&sentinels=H2:26379,H3:26379` | the same at the primary that these Redis Sentinels watch under the name `mymaster`; user and password are those of the server | the same, `master`, `sentinels`, and `sentinel-user` and `sentinel-password` |
///
/// Each of them takes the parameter `lease`, the [lease](crate::ClusterThrottledBuilder::lease). Times are written as in `1h
/// 30s`, always with a unit. Write characters that mean something in a URL as `%` and two digits: `%40` for `@`.
///
/// # The name of a throttle
///
/// **All programs that use one location are one throttle**: a run in any of them covers the calls of all, even if
/// their functions differ. So give each function a name of its own. Two services that share one server need two
/// names, as in `redis://HOST/web-reload` and `redis://HOST/mail-reload`; a URL for all services, such as
/// `REDIS_URL`, names a server and no throttle. If each function has a [tag](crate::ClusterThrottledBuilder::tag), a process
/// notices when another function runs under its name.
///
/// A location is refused if its name is most likely something else:
///
/// * In other programs `redis://HOST/0` is the database 0. Here the name is the path, and the database is a
///   parameter: `redis://HOST/NAME?db=0`. (`RedisOptions::new` takes any name.)
/// * A relative path, as in `shm:run/reload`, would be another file in each working directory.
/// * A name with an empty part, a parameter in it, or the prefix of the key is a slip.
///
/// No driver is loaded at run time. Nothing depends on the environment except the certificates that TLS
/// trusts.
///
/// A program may prefer to go on alone when a location fails, and open `memory:` then; the library never
/// decides that. Opening a location in Redis does not connect, so such a program must also
/// [read](Register::read) the register once.
pub struct Drivers {
    known: Vec<Driver>,
}

/// A register that was opened, and what its location says about the throttle.
///
/// ```
/// use atomic_throttle_cluster::Drivers;
/// use std::time::Duration;
///
/// let opened = Drivers::standard().open("memory:?lease=5s")?;
/// assert_eq!(opened.lease, Some(Duration::from_secs(5)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Opened {
    /// The register.
    pub register: Arc<dyn Register>,
    /// The lease, if the location gives one. It is in range.
    pub lease: Option<Duration>,
}

type Open = Box<dyn Fn(&mut Location) -> Result<Arc<dyn Register>, Failure> + Send + Sync>;

/// Why a driver did not open a register.
pub type Failure = Box<dyn Error + Send + Sync>;

struct Driver {
    /// The full type name, then the aliases.
    names: Vec<String>,
    open: Open,
}

impl Drivers {
    /// An empty set of drivers.
    #[must_use]
    pub fn none() -> Self {
        Self { known: Vec::new() }
    }

    /// The drivers of this crate. Drivers of features that are off are known too: opening one is an error
    /// that says which feature to turn on.
    #[must_use]
    pub fn standard() -> Self {
        let mut drivers = Self::none();
        let added = standard::register_all(&mut drivers);
        debug_assert!(added.is_ok(), "no two of them have the same name: {added:?}");
        drivers
    }

    /// Adds a driver, by its full type name and any number of aliases.
    ///
    /// `open` takes the parameters that it knows out of the location; a parameter that is left over is an
    /// error.
    ///
    /// # Errors
    ///
    /// [`NameError`] if a name is already taken or is not valid. Then no name is added.
    pub fn register(
        &mut self,
        type_name: &str,
        aliases: &[&str],
        open: impl Fn(&mut Location) -> Result<Arc<dyn Register>, Failure> + Send + Sync + 'static,
    ) -> Result<(), NameError> {
        let mut names: Vec<String> = Vec::new();
        for &name in [type_name].iter().chain(aliases) {
            if !location::is_name(name) {
                return Err(NameError::Invalid { name: name.to_owned() });
            }
            if self.named(name).is_some() || names.iter().any(|taken| taken == name) {
                return Err(NameError::Taken { name: name.to_owned() });
            }
            names.push(name.to_owned());
        }
        self.known.push(Driver { names, open: Box::new(open) });
        Ok(())
    }

    /// Opens the register at `location`.
    ///
    /// # Errors
    ///
    /// [`OpenError`]. It shows no password.
    pub fn open(&self, location: &str) -> Result<Opened, OpenError> {
        let known = || self.short_names().map(str::to_owned).collect();
        let (name, rest) = location::split(location).ok_or_else(|| OpenError::NoDriver { known: known() })?;
        let driver = self.named(name).ok_or_else(|| {
            let is_no_name = rest.contains('@') && !rest.starts_with("//");
            if is_no_name {
                // Most likely the name was left out, and this is the beginning of a password with a `:` in
                // it.
                OpenError::NoDriver { known: known() }
            } else {
                let instead = self.named("redis").and_then(|_| error::instead_of(name, rest));
                OpenError::UnknownDriver { name: name.to_owned(), instead, known: known() }
            }
        })?;
        let mut location = Location::parse(name, rest)?;
        let lease = location.take_as("lease", notation::lease)?;
        let opened = (driver.open)(&mut location);
        let register = opened.map_err(|failure| location.failed(failure))?;
        location.check_nothing_left()?;
        Ok(Opened { register, lease })
    }

    /// All names, in the order in which they were added: of each driver its full type name and its aliases.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.known.iter().flat_map(|driver| driver.names.iter().map(String::as_str))
    }

    /// The names to offer: the aliases of each driver, or its type name if it has none.
    fn short_names(&self) -> impl Iterator<Item = &str> {
        self.known.iter().flat_map(|driver| {
            let aliases = if driver.names.len() > 1 { &driver.names[1..] } else { &driver.names[..] };
            aliases.iter().map(String::as_str)
        })
    }

    fn named(&self, name: &str) -> Option<&Driver> {
        self.known.iter().find(|driver| driver.names.iter().any(|known| known == name))
    }
}

impl Default for Drivers {
    fn default() -> Self {
        Self::standard()
    }
}

impl fmt::Debug for Drivers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}
