-- What came in and went out is counted from the turns of conversations, among far more messages.
CREATE INDEX message_event ON message (conversation) WHERE kind = 'event';
