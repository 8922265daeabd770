//! Devices that push messages go to.

use super::Result;
use crate::{
    clock::Time,
    domain::{
        device::Device,
        id::{DeviceId, OwnerId},
    },
};
use async_trait::async_trait;

/// A write about a device.
#[derive(Clone, Debug)]
pub enum OfDevice {
    /// A device is new, or what is known of it is. Fails with `Conflict` where another one that has not ended is at the
    /// same place of the same account.
    Set(Device),
    /// Nothing goes to it any more; nothing changes where its application has registered it since `known`, where it has
    /// ended, or where it is not there.
    Ended {
        /// Which.
        id: DeviceId,
        /// When.
        at: Time,
        /// Why, for a reader.
        why: Box<str>,
        /// What is said of it was true at this moment.
        known: Time,
    },
    /// It is gone.
    Removed(OwnerId, DeviceId),
}

/// Devices.
#[async_trait]
pub trait Devices: Send + Sync {
    /// Those of an owner, ended ones too, in the order of their ids.
    async fn devices(&self, owner: OwnerId) -> Result<Vec<Device>>;
    /// One, by its id.
    async fn device(&self, id: DeviceId) -> Result<Option<Device>>;
    /// The one that is at this place of this account and has not ended.
    async fn device_at(&self, account: &str, place: &str) -> Result<Option<Device>>;
}
