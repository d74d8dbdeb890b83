-- Log-ins of browsers. Each is good for looking at pages, while its operator has the token that it was made with.
CREATE TABLE logins (
    token_hash TEXT PRIMARY KEY NOT NULL,
    operator TEXT NOT NULL,
    operator_token_hash TEXT NOT NULL,
    created TEXT NOT NULL,
    expires TEXT NOT NULL
);
