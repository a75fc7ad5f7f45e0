//! Conversations: chat, mail, forms and calls, in one inbox, and who answers them by when.
