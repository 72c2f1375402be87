//! A real Kubernetes control plane, the cloud emulator and the operator, started as ordinary processes.
//!
//! Takes: the source tree (its `testenv/go.mod` names the tools), binaries, directories.
//! Returns: things that run - [`ControlPlane`], [`Emulator`], [`Operator`] - and ways to talk to them.
//! Must never: need root or a container, use a fixed port, leave a process behind, or touch a process it
//! did not start.
//!
//! In reading order:
//!
//! 1. [`place`] where the source tree and `target/` are;
//! 2. [`versions`] and [`tools`] which tools, found or built;
//! 3. [`custody`] and [`process`] who ends what, also after SIGKILL;
//! 4. [`pki`] and [`control_plane`] etcd, kube-apiserver, controller-manager;
//! 5. [`kubectl`], [`emulator`], [`operator`] the rest of the cast;
//! 6. [`wait`] and [`http`] how a condition is awaited and asked for.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking"))]

pub mod control_plane;
pub mod custody;
pub mod emulator;
pub mod http;
pub mod identity;
pub mod kubectl;
pub mod operator;
pub mod pki;
pub mod place;
pub mod ports;
pub mod process;
pub mod progress;
pub mod tools;
pub mod versions;
pub mod wait;

mod compile;
mod find;

pub use control_plane::{ControlPlane, Plan};
pub use custody::Custody;
pub use emulator::Emulator;
pub use kubectl::Kubectl;
pub use operator::{Launch, Operator};
pub use tools::{Tool, Tools};
