"""Sign in, stay signed in, sign out: by password, by a link, by an identity provider."""
