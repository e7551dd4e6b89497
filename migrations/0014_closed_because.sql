-- Why an exposure was closed, where the document is the reason: it was withdrawn, superseded, deleted, or its later
-- revision no longer names the device. Null for all other reasons, which the history of the run tells.

alter table exposure add column closed_because {{text}};
