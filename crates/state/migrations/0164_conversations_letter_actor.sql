-- Whose letters there are is asked every few seconds: those of people who were erased go.
CREATE INDEX letter_actor ON letter (actor);
