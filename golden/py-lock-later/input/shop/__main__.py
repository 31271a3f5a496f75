from itsdangerous import Signer

print(Signer("key").sign("basket").decode())
