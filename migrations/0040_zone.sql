-- The network zone of an asset, as its owner names it: a zone of IEC 62443 or a level of the Purdue model. Blank when no
-- import stated one.

alter table asset add column zone {{text}} not null default '';
