-- The audit is only ever added to, whatever a statement says: the database itself refuses to change or remove an act.

{{append_only audit_entry}}
