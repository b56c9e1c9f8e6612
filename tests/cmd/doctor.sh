# doctor says that the simulator works; what it says of the host is the host's.
"$AGENTCG" doctor >/dev/null && echo "doctor is content"
"$AGENTCG" doctor | grep '^simulator'
"$AGENTCG" doctor | cut -c 1-20 | sed 's/ *$//' | grep -x -e agentcg -e kernel -e 'BPF programs' \
	-e 'kernel types (BTF)' -e 'live runs' -e 'virtual machines' -e KVM -e QEMU
# What does not work has a reason.
"$AGENTCG" doctor | grep -e 'no: *$' -e 'no: unknown'
exit 0
