# A database that may not be written, is damaged, is a newer agentcg's, or meets a limit: what is said, and
# what becomes of what was in it.
for t in sqlite3 jq; do
	command -v $t >/dev/null || { echo "$t is missing"; exit 77; }
done
tmp=$(mktemp -d) || exit 1
trap 'chmod -R u+w "$tmp"; rm -rf "$tmp"' EXIT
s=tests/cmd/small.acg
"$AGENTCG" run -q --save="$tmp/x.db" --csv "$tmp/was.csv" $s

# Permissions are nothing to root.
cp "$AGENTCG" "$tmp/agentcg"
cp $s "$tmp/small.acg"
chmod 755 "$tmp"
me() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
	else
		"$@"
	fi
}
if [ "$(id -u)" = 0 ] && ! me true 2>/dev/null; then
	echo "becoming another user is not permitted"
	exit 77
fi
try() {
	(cd "$tmp" && me ./agentcg "$@" 2>&1; echo "exit $?") | grep -v '^kept as' |
		sed "s|$tmp|TMP|g; s/[0-9a-f]\{8\} *20..-..-.. ..:../NAME BEGUN/"
}
as_it_was() {
	(cd "$tmp" && me ./agentcg show --db "$1" last -q --csv - 2>&1) | cmp - "$tmp/was.csv" && echo "as it was"
}

echo "== a file that may only be read"
mkdir "$tmp/file" && cp "$tmp/x.db" "$tmp/file/x.db"
chmod 777 "$tmp/file"
chmod 444 "$tmp/file/x.db"
try run -q --save=file/x.db --csv out.csv small.acg
[ ! -e "$tmp/out.csv" ] || echo "it was run all the same"
try resume --db file/x.db last
as_it_was file/x.db

echo "== a folder that may only be read"
mkdir "$tmp/folder" && cp "$tmp/x.db" "$tmp/folder/x.db"
chmod 444 "$tmp/folder/x.db"
chmod 555 "$tmp/folder"
try run -q --save=folder/x.db small.acg
try run -q --save=folder/new.db small.acg
try run -q --save=folder/sub/new.db small.acg
as_it_was folder/x.db

echo "== one that may not be read at all"
cp "$tmp/x.db" "$tmp/secret.db" && chmod 0 "$tmp/secret.db"
try runs --db secret.db

echo "== a newer agentcg's"
mkdir "$tmp/newer" && cp "$tmp/x.db" "$tmp/newer/x.db" && sqlite3 "$tmp/newer/x.db" 'PRAGMA user_version = 99'
chmod 777 "$tmp/newer"
chmod 666 "$tmp/newer/x.db"
sum=$(sha256sum <"$tmp/newer/x.db")
for c in "runs" "show last" "resume last"; do
	try $c --db newer/x.db | sed 's/known here is [0-9]*/known here is N/'
done
try run -q --save=newer/x.db small.acg | sed 's/known here is [0-9]*/known here is N/'
[ "$sum" = "$(sha256sum <"$tmp/newer/x.db")" ] && echo "unchanged"

echo "== damaged, anywhere: said, or what is shown is what was kept"
size=$(stat -c %s "$tmp/x.db")
said=0 same=0 at=0
while [ $at -lt "$size" ]; do
	cp "$tmp/x.db" "$tmp/hurt.db"
	head -c 700 /dev/urandom | dd of="$tmp/hurt.db" bs=1 seek=$at conv=notrunc status=none
	timeout 20 "$AGENTCG" show -q --db "$tmp/hurt.db" last --csv "$tmp/hurt.csv" 2>"$tmp/err"
	rc=$?
	if [ $rc -ge 128 ] || [ $rc = 124 ]; then
		echo "at $at: status $rc"
	elif grep -q 'error\[E6[68]' "$tmp/err"; then
		said=$((said + 1))
	elif cmp -s "$tmp/hurt.csv" "$tmp/was.csv"; then
		same=$((same + 1))
	fi
	rm -f "$tmp/hurt.csv"
	at=$((at + 4096))
done
[ $said -ge 3 ] && [ $same -ge 1 ] && echo "said of some, and some was not asked for"
head -c 40 /dev/urandom | dd of="$tmp/x.db" bs=1 seek=0 conv=notrunc status=none
chmod 777 "$tmp"
chmod 666 "$tmp/x.db"
try runs --db x.db
try run -q --save=x.db small.acg

echo "== a limit on the size of files, as a disk that is full"
# Ignored, its signal makes a write fail; else it ends the process like any other.
(
	trap '' XFSZ
	ulimit -f 4000
	"$AGENTCG" run -q --repeat 20000 --save="$tmp/limit.db" --csv /dev/null $s 2>&1
	echo "exit $?"
) | sed "s|$tmp|TMP|g"
"$AGENTCG" runs --db "$tmp/limit.db" --json - | jq -c '.[] | [.state, .runs > 0, .runs < .planned]'
sqlite3 "$tmp/limit.db" 'PRAGMA integrity_check; PRAGMA foreign_key_check'
"$AGENTCG" resume -q --db "$tmp/limit.db" last --csv "$tmp/a.csv" && "$AGENTCG" run -q --repeat 20000 --csv "$tmp/b.csv" $s &&
	cmp "$tmp/a.csv" "$tmp/b.csv" && echo "resumed: as without a limit"
