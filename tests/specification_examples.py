"""The examples on the specification's pages, in our notation: name, bytes as notation, text, context.

From the pages on client hello, create sub session, data packaging, check access and read (2.0.3 and
2.0.4). The texts are compared without regard to the column of the comments.
"""
# ruff: noqa: E501 - the lines are as long as the notation makes them

from __future__ import annotations

from xentara_inspect.notation.messages import Context

SPECIFICATION_EXAMPLES: list[tuple[str, str, str, Context | None]] = [
    (
        "client hello request",
        "[[0, 65, 14, {0: 0, 1: 1}]]",
        """
        [                # Outer Array: 1 packet
          [              # Packet 1: Request
            0,           # Packet Type: Request
            65,          # Message Id
            14,          # OpCode: client_hello
            {            # Client Hello Object
              0: 0,      # minimum_protocol_version
              1: 1       # maximum_protocol_version
            }
          ]
        ]
        """,
        None,
    ),
    (
        "client hello response",
        "[[1, 65, {0: 1}]]",
        """
        [           # Outer Array: 1 packet
          [         # Packet 1: Success Response to client_hello
            1,      # Packet Type: Success Response
            65,     # Message Id
            {       # Server Parameter Object
              0: 1  # current_protocol_version
            }
          ]
        ]
        """,
        Context(14),
    ),
    (
        "create sub session with a password",
        '[[0, 65, 12, {0: 123({0: "add username here", 1: "add password here"}), '
        "1: 37(h'E3EE10714D884BA18E5D0F1E4CE25EE8')}]]",
        """
        [                                                 # Outer Array: 1 packet
          [                                               # Packet 1: Request
            0,                                            # Packet Type: Request
            65,                                           # Message Id
            12,                                           # OpCode: create_sub_session
            {                                             # Create Session Object
              0: 123({                                    # authentication_information: Username/Password Authentication
                0: "add username here",                   # username
                1: "add password here"                    # password
              }),
              1: 37(h'E3EE10714D884BA18E5D0F1E4CE25EE8')  # desired_session_id
            }
          ]
        ]
        """,
        None,
    ),
    (
        "create sub session with a token",
        "[[0, 65, 12, {0: 121({0: \"add OAuth 2.0 token here\"}), 1: 37(h'E3EE10714D884BA18E5D0F1E4CE25EE8')}]]",
        """
        [                                                 # Outer Array: 1 packet
          [                                               # Packet 1: Request
            0,                                            # Packet Type: Request
            65,                                           # Message Id
            12,                                           # OpCode: create_sub_session
            {                                             # Create Session Object
              0: 121({                                    # authentication_information: OAuth 2.0 Authentication
                0: "add OAuth 2.0 token here"             # token
              }),
              1: 37(h'E3EE10714D884BA18E5D0F1E4CE25EE8')  # desired_session_id
            }
          ]
        ]
        """,
        None,
    ),
    (
        "create sub session response",
        "[[1, 65, 37(h'E3EE10714D884BA18E5D0F1E4CE25EE8')]]",
        """
        [                                            # Outer Array: 1 packet
          [                                          # Packet 1: Success Response to create_sub_session
            1,                                       # Packet Type: Success Response
            65,                                      # Message Id
            37(h'E3EE10714D884BA18E5D0F1E4CE25EE8')  # Session Id
          ]
        ]
        """,
        Context(12),
    ),
    (
        "three requests in one message",
        '[[0, 65, 3, {0: "Group 1.Data Point 1"}], [0, 66, 8], '
        "[0, 67, 2, {0: 37(h'E3EE10714D884BA18E5D0F1E4CE25EE8'), 1: [0, 83]}]]",
        """
        [                                                  # Outer Array: 3 packets
          [                                                # Packet 1: Request
            0,                                             # Packet Type: Request
            65,                                            # Message Id
            3,                                             # OpCode: lookup
            {                                              # Lookup Object
              0: "Group 1.Data Point 1"                    # primary_key
            }
          ],
          [                                                # Packet 2: Request
            0,                                             # Packet Type: Request
            66,                                            # Message Id
            8                                              # OpCode: get_stage
          ],
          [                                                # Packet 3: Request
            0,                                             # Packet Type: Request
            67,                                            # Message Id
            2,                                             # OpCode: meta_data
            {                                              # Meta Data Object
              0: 37(h'E3EE10714D884BA18E5D0F1E4CE25EE8'),  # element_uuid
              1: [                                         # identifiers
                0,                                         # Primary Key
                83                                         # Meta Data: 83 (not documented)
              ]
            }
          ]
        ]
        """,
        None,
    ),
    (
        "check access request",
        "[[0, 65, 15, {0: 37(h'E3EE10714D884BA18E5D0F1E4CE25EE8')}]]",
        """
        [                                                 # Outer Array: 1 packet
          [                                               # Packet 1: Request
            0,                                            # Packet Type: Request
            65,                                           # Message Id
            15,                                           # OpCode: check_access
            {                                             # Check Access Object
              0: 37(h'E3EE10714D884BA18E5D0F1E4CE25EE8')  # sub_session_id
            }
          ]
        ]
        """,
        None,
    ),
    (
        "check access response",
        "[[1, 65, {0: true, 1: false}]]",
        """
        [               # Outer Array: 1 packet
          [             # Packet 1: Success Response to check_access
            1,          # Packet Type: Success Response
            65,         # Message Id
            {           # Access Object
              0: true,  # read_access
              1: false  # write_access
            }
          ]
        ]
        """,
        Context(15),
    ),
    (
        "read request",
        "[[0, 65, 4, {0: 37(h'E3EE10714D884BA18E5D0F1E4CE25EE8'), "
        "1: [1, 11, 37(h'88130CE8B9E74A2A8F26D32A931129AA')]}]]",
        """
        [                                                  # Outer Array: 1 packet
          [                                                # Packet 1: Request
            0,                                             # Packet Type: Request
            65,                                            # Message Id
            4,                                             # OpCode: read
            {                                              # Read Object
              0: 37(h'E3EE10714D884BA18E5D0F1E4CE25EE8'),  # element_uuid
              1: [                                         # attribute_ids
                1,                                         # Name
                11,                                        # Value
                37(h'88130CE8B9E74A2A8F26D32A931129AA')    # attribute UUID
              ]
            }
          ]
        ]
        """,
        None,
    ),
    (
        "read response",
        '[[1, 65, {1: 121("register"), 11: 121(true), '
        "37(h'88130CE8B9E74A2A8F26D32A931129AA'): 122({0: -32101, 1: \"missing attribute\"})}]]",
        """
        [                                                   # Outer Array: 1 packet
          [                                                 # Packet 1: Success Response to read
            1,                                              # Packet Type: Success Response
            65,                                             # Message Id
            {                                               # Attribute Values
              1: 121("register"),                           # Name: Success
              11: 121(true),                                # Value: Success
              37(h'88130CE8B9E74A2A8F26D32A931129AA'): 122({  # attribute UUID: Error
                0: -32101,                                  # Error Code: Missing Attribute
                1: "missing attribute"                      # Error Message
              })
            }
          ]
        ]
        """,
        Context(4),
    ),
]
