# SPDX-License-Identifier: GPL-2.0-or-later
# The made-up recordings in scenarios/traces are what their generator writes, byte for byte.
# (`make traces` writes them anew.)
tracegen=${BUILD:-build}/tracegen
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
for folder in scenarios/traces/*/; do
	name=$(basename "$folder")
	"$tracegen" --like "$name" "$tmp/$name" || exit 1
	diff -r "$folder" "$tmp/$name" && echo "$name: same"
done
