//! Opening a database and bringing its schema up to date.

use nameplate::store::Db;

use crate::database::on_both;

on_both! {
    async fn migrating_twice_changes_nothing(database) {
        let db = Db::open(&database.url).await.unwrap();
        db.close().await;
        let db = Db::open(&database.url).await.unwrap();
        db.close().await;
    }
}
