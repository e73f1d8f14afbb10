"""The proof: through GraphQL and a real Postgres."""
