//! Devices that push messages go to.

use super::{all, first};
use crate::{
    domain::{
        device::{Device, Ended, Place, PushKeys},
        id::{DeviceId, OwnerId},
    },
    store::{
        Devices, Result,
        postgres::{
            Postgres,
            columns::Columns,
            value::{device_place, values},
        },
    },
};
use async_trait::async_trait;
use tokio_postgres::Row;

fn device(row: &Row) -> Result<Device> {
    let mut columns = Columns::of(row, "devices");
    let (id, owner) = (columns.stored()?, columns.stored()?);
    let (account, place) = (columns.text()?, columns.text()?);
    let keys = match (columns.text_or_none()?, columns.text_or_none()?) {
        (Some(p256dh), Some(auth)) => Some(PushKeys { p256dh, auth }),
        _ => None,
    };
    let label = columns.text()?;
    let (created, seen, ended) = (columns.time()?, columns.time()?, columns.time_or_none()?);
    let why = columns.text()?;
    let ended = ended.map(|at| Ended { at, why });
    Ok(Device { id, owner, account, place: Place::stored(place, keys), label, created, seen, ended })
}

#[async_trait]
impl Devices for Postgres {
    async fn devices(&self, owner: OwnerId) -> Result<Vec<Device>> {
        const SQL: &str =
            "/* devices */ SELECT id, owner, account, place, p256dh, auth, label, created, seen, ended, why
            FROM devices WHERE owner = $1 ORDER BY id";
        all(&self.read(SQL, || values![owner]).await?.rows, device)
    }

    async fn device(&self, id: DeviceId) -> Result<Option<Device>> {
        const SQL: &str =
            "/* device */ SELECT id, owner, account, place, p256dh, auth, label, created, seen, ended, why
            FROM devices WHERE id = $1";
        first(&self.read(SQL, || values![id]).await?.rows, device)
    }

    async fn device_at(&self, account: &str, place: &str) -> Result<Option<Device>> {
        const SQL: &str =
            "/* device.at */ SELECT id, owner, account, place, p256dh, auth, label, created, seen, ended, why
            FROM devices WHERE at = $1 AND ended IS NULL";
        first(&self.read(SQL, || values![device_place(account, place)]).await?.rows, device)
    }
}
