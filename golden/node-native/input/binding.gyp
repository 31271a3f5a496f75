{
  "targets": [
    { "target_name": "gcd", "sources": ["gcd.c"] }
  ]
}
