# SPDX-License-Identifier: GPL-2.0-or-later
# Compare a column of the tables of docs/reproduction.md with what scenarios print.
#   -v column=N  2 published, 3 modelled, 4 recordings      -v dir=DIR  with SCENARIO.table files
#
# <!-- scenarios/SCENARIO --> above a table says which scenario it is about.  The last cell of a row
# says where its figure stands, as a whole word or words: `POLICY` in the line that begins with it,
# `POLICY SESSION` in that session's line under it, `claim TEXT` behind that text in any line.
function find(file, where, figure,    line, want, n, head, section, at, found) {
	n = split(where, want, " ")
	while ((getline line < file) > 0) {
		if (split(line, head, /[ :]+/) && line ~ /^[a-z]/)
			section = head[1]
		if (want[1] == "claim")
			at = index(line, substr(where, 7))
		else if (n == 1)
			at = line ~ /^[a-z]/ && section == want[1]
		else
			at = section == want[1] && head[2] == want[2]
		if (want[1] == "claim" && at)
			line = substr(line, at + length(where) - 6)
		if (at && index(" " line " ", " " figure " "))
			found = 1
	}
	close(file)
	return found
}
BEGIN { FS = " *[|] *" }
/^<!-- scenarios/ { scenario = substr($0, 16, length($0) - 19) }
/^[|].*`/ && $(column + 1) != "-" {
	where = $7
	gsub(/`/, "", where)
	n++
	if (!find(dir "/" scenario ".table", where, $(column + 1))) {
		print scenario ": no " $(column + 1) " in: " where
		wrong++
	}
}
END { print n + 0 " figures compared, " wrong + 0 " differ" }
