"""The protocol of the Xentara WebSocket interface, as tables and nothing else.

Sources, by letter, at each fact or over its table:

- S: the pages on packaging, client hello, create sub session, read and check access of the
  Xentara WebSocket API Specification 2.0.3 and 2.0.4
- D: another page of the same specification
- C: what the vendor's own client sends and accepts
- T: a third-party client
- I: inferred; a guess, and called one in annotations

Where sources disagree the tool shows what is on the wire.
"""
