//! What several programs ask for: each option has one name, one unit and one explanation wherever it stands.
//!
//! A program flattens the groups that it needs into its own options, and gives what is usual there.

mod folder;
mod picture;
mod rounds;
mod seconds;
mod threads;
mod threshold;
mod time;

pub use self::folder::Folder;
pub use self::picture::{Picture, Sheet};
pub use self::rounds::Rounds;
pub use self::seconds::Seconds;
pub use self::threads::{CROWD, DRAWN, Threads, crowd};
pub use self::threshold::Threshold;
pub use self::time::{duration, positive, within};
