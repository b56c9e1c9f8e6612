# doctor says that the simulator works; what it says of the host is the host's. clean has nothing to do.
"$AGENTCG" doctor >/dev/null && echo "doctor is content"
"$AGENTCG" doctor | grep '^simulator'
"$AGENTCG" doctor | cut -c 1-20 | sed 's/ *$//' | grep -v '^making cgroups$'
"$AGENTCG" clean
