from setuptools import setup

setup(name="abacus", version="1.0", packages=["abacus"], install_requires=["bottle==0.13.2"])
