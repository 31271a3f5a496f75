import ldap
import ldap.dn

parts = ldap.dn.explode_dn("uid=ada,ou=People,dc=example,dc=com", flags=ldap.DN_FORMAT_LDAPV3)
print("uid first:", parts[0], "of", len(parts))
