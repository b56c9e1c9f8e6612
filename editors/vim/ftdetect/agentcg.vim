au BufRead,BufNewFile *.acg setfiletype agentcg
