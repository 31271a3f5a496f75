use strict;
use warnings;
use Digest::SHA qw(sha1_hex);
print sha1_hex("tide"), "\n";
