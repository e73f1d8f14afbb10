-- What waits for a mark to be seen by everybody waits for those who ran when it was committed, whether they had written yet or not.

alter table erasures drop column xid;
alter table erasures add column earlier text[];   -- see_erasures
