# SPDX-License-Identifier: GPL-2.0-or-later
# Everything generated is in $(BUILD), except ./agentcg.  `make help` lists what can be made.

BUILD ?= build
# What configure found is shared by all build folders; SANITIZE and the like may be given again.
CONFIG := build/config.mk

ifneq ($(MAKECMDGOALS),help)
ifneq ($(MAKECMDGOALS),distclean)
-include $(CONFIG)
ifeq ($(wildcard $(CONFIG)),)
$(error run ./configure first)
endif
endif
endif

.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules

AGENTCG := $(if $(filter build,$(BUILD)),agentcg,$(BUILD)/agentcg)

WARN := -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes \
	-Wmissing-prototypes $(if $(WERROR),-Werror)
# What bison and flex write is not ours to polish.
WARN_GENERATED := -Wall -Wno-unused-function -Wno-unused-but-set-variable -Wno-sign-compare

SANITIZE_address := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
SANITIZE_fuzzer := $(SANITIZE_address) -fsanitize=fuzzer-no-link
SANITIZE_FLAGS := $(SANITIZE_$(SANITIZE))
ifneq ($(SANITIZE),)
LDFLAGS_MAIN :=
endif

CPPFLAGS := -D_GNU_SOURCE -Isrc -I$(BUILD) $(if $(filter build,$(BUILD)),,-Ibuild) -I.
# Short lines for what is done in hundreds; V=1 shows the commands.
Q := $(if $(V),,@)
say = $(if $(V),,@printf '%-5s %s\n' $(1) $(2))

COMPILE = $(CC) -std=c17 $(CPPFLAGS) $(CFLAGS) $(SANITIZE_FLAGS)
LINK = $(CC) $(CFLAGS) $(SANITIZE_FLAGS) $(LDFLAGS)

# ---- what there is ----------------------------------------------------------------------------

SRC := $(filter-out src/cmd/main.c,$(wildcard src/*/*.c src/*/*/*.c))
MAIN := $(wildcard src/cmd/main.c)
LEX := $(wildcard grammar/agentcg.l)
YACC := $(wildcard grammar/agentcg.y)
GEN_C := $(LEX:%=$(BUILD)/%.c) $(YACC:%=$(BUILD)/%.c)
GEN_H := $(GEN_C:.c=.h)
OBJ := $(SRC:%.c=$(BUILD)/%.o) $(GEN_C:.c=.o)
LIB := $(BUILD)/libagentcg.a
MAIN_OBJ := $(MAIN:%.c=$(BUILD)/%.o)

TOOL_SRC := $(wildcard tools/*.c)
TOOLS := $(TOOL_SRC:tools/%.c=$(BUILD)/%)

# test_*.c are programs, what lies beside them is an archive they share; likewise fuzz_ and bench_
UNIT_SRC := $(wildcard tests/unit/*.c)
UNIT := $(patsubst %.c,$(BUILD)/%,$(filter tests/unit/test_%,$(UNIT_SRC)))
UNIT_SHARED_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(filter-out tests/unit/test_%,$(UNIT_SRC)))
UNIT_SHARED := $(if $(UNIT_SHARED_OBJ),$(BUILD)/tests/unit/shared.a)
FUZZ_SRC := $(wildcard tests/fuzz/*.c)
FUZZ := $(patsubst %.c,$(BUILD)/%,$(filter tests/fuzz/fuzz_%,$(FUZZ_SRC)))
FUZZ_SHARED_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(filter-out tests/fuzz/fuzz_%,$(FUZZ_SRC)))
FUZZ_SHARED := $(if $(FUZZ_SHARED_OBJ),$(BUILD)/tests/fuzz/shared.a)
BENCH_SRC := $(wildcard bench/*.c)
BENCH := $(patsubst %.c,$(BUILD)/%,$(filter bench/bench_%,$(BENCH_SRC)))
BENCH_SHARED_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(filter-out bench/bench_%,$(BENCH_SRC))) \
	$(patsubst %.l,$(BUILD)/%.l.o,$(wildcard bench/*.l))
BENCH_SHARED := $(if $(BENCH_SHARED_OBJ),$(BUILD)/bench/shared.a)

BPF_SRC := $(if $(HAVE_BPF),$(wildcard bpf/*.bpf.c))
SKEL := $(BPF_SRC:%.bpf.c=$(BUILD)/%.skel.h)
# The test of the BPF programs opens them with libbpf.
ifeq ($(HAVE_BPF),)
UNIT := $(filter-out %/test_bpf,$(UNIT))
endif

MAN := $(wildcard man/*.1 man/*.5 man/*.7)
FORMATTED := $(wildcard src/*/*.[ch] src/*/*/*.[ch] bpf/*.[ch] tests/*/*.[ch] tools/*.[ch] \
	bench/*.[ch])

# ---- building ---------------------------------------------------------------------------------

.PHONY: all
all: $(if $(MAIN),$(AGENTCG),$(LIB)) $(TOOLS) $(SKEL)

$(AGENTCG): $(MAIN_OBJ) $(LIB)
	$(call say,LINK,$@)
	$(Q)$(LINK) $(LDFLAGS_MAIN) -o $@ $^ $(LIBS)

# Built anew each time: an archive keeps members whose source is gone.
$(LIB): $(OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/tests/unit/shared.a: $(UNIT_SHARED_OBJ)
$(BUILD)/tests/fuzz/shared.a: $(FUZZ_SHARED_OBJ)
$(BUILD)/bench/shared.a: $(BENCH_SHARED_OBJ)
%/shared.a:
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/%.o: %.c $(CONFIG) Makefile | $(GEN_H)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(COMPILE) $(WARN) -MMD -MP -c -o $@ $<

# What .incbin reads, which the compiler does not report.
$(BUILD)/src/report/page.o: src/report/page.css src/report/page.js

$(BUILD)/grammar/%.o: $(BUILD)/grammar/%.c $(CONFIG) Makefile | $(GEN_H)
	$(call say,CC,$<)
	$(Q)$(COMPILE) $(WARN_GENERATED) -MMD -MP -c -o $@ $<

$(BUILD)/grammar/%.y.c $(BUILD)/grammar/%.y.h &: grammar/%.y
	@mkdir -p $(@D)
	$(call say,BISON,$<)
	$(Q)bison -Werror --defines=$(BUILD)/grammar/$*.y.h -o $(BUILD)/grammar/$*.y.c $<

$(BUILD)/grammar/%.l.c $(BUILD)/grammar/%.l.h &: grammar/%.l
	@mkdir -p $(@D)
	$(call say,FLEX,$<)
	$(Q)flex -Cf --header-file=$(BUILD)/grammar/$*.l.h -o $(BUILD)/grammar/$*.l.c $<

$(BUILD)/%.bpf.o: %.bpf.c $(wildcard bpf/*.h) $(CONFIG)
	@mkdir -p $(@D)
	$(call say,BPF,$<)
	$(Q)$(BPF_CLANG) -O2 -g -mcpu=v3 -Wall $(if $(WERROR),-Werror) -target bpf $(BPF_CFLAGS) -I. -c -o $@ $<

$(BUILD)/src/backend/cgroup/watch_bpf.o $(BUILD)/src/backend/cgroup/hook.o $(BUILD)/src/backend/cgroup/mech_sched_ext.o $(BUILD)/tests/unit/test_bpf.o: | $(SKEL)

$(BUILD)/src/vm/build_files.o: $(wildcard kernel/*)

$(BUILD)/%.skel.h: $(BUILD)/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)echo '#pragma GCC system_header /* generated: spare us its warnings */' >$@
	$(Q)$(BPFTOOL) gen skeleton $< name $(subst .,_,$(notdir $*))_bpf >>$@

$(TOOLS): $(BUILD)/%: $(BUILD)/tools/%.o $(LIB)
	$(call say,LINK,$@)
	$(Q)$(LINK) -o $@ $^ $(LIBS)

# ---- testing ----------------------------------------------------------------------------------

.PHONY: check check-asan check-page check-readme lint golden fuzz unit fuzz-programs
$(BUILD)/tests/unit/test_%: $(BUILD)/tests/unit/test_%.o $(UNIT_SHARED) $(LIB)
	$(if $(CMOCKA),,$(error unit tests need cmocka: apt-get install libcmocka-dev, then ./configure))
	$(call say,LINK,$@)
	$(Q)$(LINK) -o $@ $^ $(CMOCKA) $(LIBS)


unit: $(UNIT)

# For a virtual machine: static, so that it needs nothing there.
.PHONY: live-programs
LIVE := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/live/*.c))
$(BUILD)/tests/live/%: $(BUILD)/tests/live/%.o $(LIB)
	$(call say,LINK,$@)
	$(Q)$(LINK) $(LDFLAGS_MAIN) -o $@ $^ $(LIBS)

live-programs: $(LIVE)

# Likewise, on the kernel that `agentcg vm build` makes.
.PHONY: check-memcg-bpf
$(BUILD)/tests/memcg_bpf/%: $(BUILD)/tests/memcg_bpf/%.o $(LIB)
	$(call say,LINK,$@)
	$(Q)$(LINK) $(LDFLAGS_MAIN) -o $@ $^ $(LIBS)

check-memcg-bpf: $(BUILD)/tests/memcg_bpf/hook
	@tests/memcg_bpf/run $<

# On real kernels, in virtual machines; L=debian:7.3 chooses one.
.PHONY: check-live
check-live: all unit live-programs
	@AGENTCG=./$(AGENTCG) BUILD=$(BUILD) tests/live/run $(L)

RUN = AGENTCG=$(AGENTCG) tests/run

check: all $(UNIT)
	@MANPAGES="$(MAN)" CLANG_FORMAT="$(CLANG_FORMAT)" FORMATTED="$(FORMATTED)" \
		$(RUN) --lint $(UNIT)

check-asan:
	+$(MAKE) BUILD=build-asan SANITIZE=address all unit
	TEST_TIMEOUT=600 ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1 \
		UBSAN_OPTIONS=print_stacktrace=1 \
		$(MAKE) BUILD=build-asan SANITIZE=address run-suite

# The suite alone, for a build that exists.
.PHONY: run-suite
run-suite:
	@$(RUN) $(UNIT)

# The page of --html in headless Chromium (./configure --install-deps=page).
check-page: all
	AGENTCG=$(AGENTCG) tests/page/run

check-readme: all
	tests/readme

lint:
	@MANPAGES="$(MAN)" CLANG_FORMAT="$(CLANG_FORMAT)" FORMATTED="$(FORMATTED)" tests/run --lint-only

golden: $(if $(T),all)
	@if [ -z "$(T)" ]; then \
		echo "say which: make golden T=sim/NAME (never all at once: read each diff)" >&2; exit 2; \
	fi
	$(RUN) --update "$(T)"

FUZZ_SECONDS ?= 60
$(BUILD)/tests/fuzz/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(FUZZ_SHARED) $(LIB)
	$(call say,LINK,$@)
	$(Q)$(LINK) -fsanitize=fuzzer -o $@ $^ $(LIBS)

fuzz-programs: $(FUZZ)

fuzz:
	$(if $(FUZZ_CC),,$(error fuzzing needs clang's libFuzzer: ./configure names the package))
	+$(MAKE) BUILD=build-fuzz SANITIZE=fuzzer CC="$(FUZZ_CC)" fuzz-programs
	FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/run build-fuzz/fuzz $(FUZZ:$(BUILD)/%=build-fuzz/%)

# The made-up recordings that scenarios use; tests/trace checks that they are what this writes.
.PHONY: traces
traces: $(BUILD)/tracegen
	for t in scenarios/traces/*; do $(BUILD)/tracegen --like $${t##*/} $$t || exit 1; done

# ---- measuring --------------------------------------------------------------------------------

.PHONY: bench
$(BUILD)/bench/bench_%: $(BUILD)/bench/bench_%.o $(BENCH_SHARED) $(LIB)
	$(call say,LINK,$@)
	$(Q)$(LINK) -o $@ $^ $(LIBS)

$(BUILD)/bench/%.l.o: bench/%.l bench/%.h $(CONFIG)
	@mkdir -p $(@D)
	$(call say,FLEX,$<)
	$(Q)flex -Cf -o $(@:.o=.c) $<
	$(Q)$(COMPILE) $(WARN_GENERATED) -c -o $@ $(@:.o=.c)

bench: all $(BENCH)
	@missed=0; for b in $(BENCH); do $$b || missed=1; done; exit $$missed

# ---- keeping house ----------------------------------------------------------------------------

.PHONY: format install uninstall clean distclean help
format:
	$(if $(CLANG_FORMAT),,$(error clang-format 14 is missing: apt-get install clang-format))
	$(CLANG_FORMAT) -i $(FORMATTED)

BINDIR = $(DESTDIR)$(PREFIX)/bin
MANDIR = $(DESTDIR)$(PREFIX)/share/man
DATADIR = $(DESTDIR)$(PREFIX)/share/agentcg
BASHDIR = $(DESTDIR)$(PREFIX)/share/bash-completion/completions
ZSHDIR = $(DESTDIR)$(PREFIX)/share/zsh/site-functions
FISHDIR = $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
SCENARIO_FILES := $(shell find scenarios -type f ! -name '*.table' 2>/dev/null)
STDLIB_FILES := $(shell find stdlib -type f ! -name '*.table' 2>/dev/null)

install: all
	install -D -m 755 $(AGENTCG) $(BINDIR)/agentcg
	for m in $(MAN); do install -D -m 644 $$m $(MANDIR)/man$${m##*.}/$${m##*/} || exit 1; done
	for f in $(STDLIB_FILES) $(SCENARIO_FILES); do \
		install -D -m 644 $$f $(DATADIR)/$$f || exit 1; done
	[ ! -f completions/agentcg.bash ] || \
		install -D -m 644 completions/agentcg.bash $(BASHDIR)/agentcg
	[ ! -f completions/_agentcg ] || install -D -m 644 completions/_agentcg $(ZSHDIR)/_agentcg
	[ ! -f completions/agentcg.fish ] || \
		install -D -m 644 completions/agentcg.fish $(FISHDIR)/agentcg.fish

uninstall:
	rm -f $(BINDIR)/agentcg $(BASHDIR)/agentcg $(ZSHDIR)/_agentcg $(FISHDIR)/agentcg.fish
	for m in $(MAN); do rm -f $(MANDIR)/man$${m##*.}/$${m##*/}; done
	rm -rf $(DATADIR)

# Keeps what configure wrote.
clean:
	rm -rf build-asan build-clang build-fuzz agentcg
	[ ! -d $(BUILD) ] || find $(BUILD) -mindepth 1 -maxdepth 1 ! -name 'config*' -exec rm -rf {} +

distclean:
	rm -rf build build-asan build-clang build-fuzz agentcg

help:
	@echo "make               agentcg, its tools and BPF programs"
	@echo "make check         unit tests, golden files, lint"
	@echo "make check-memcg-bpf  the hook memcg_bpf_ops, on the kernel of \`agentcg vm build\`"
	@echo "make check-asan    the same tests under AddressSanitizer and UBSan (build-asan/)"
	@echo "make check-page    the page of --html in a browser"
	@echo "make check-live    live tests on real kernels, each in a virtual machine"
	@echo "make check-readme  the commands of README.md in a clean copy"
	@echo "make fuzz          each fuzz target for FUZZ_SECONDS (60)"
	@echo "make golden T=sim/NAME   rewrite one expected output and show what changed"
	@echo "make traces        write scenarios/traces anew"
	@echo "make bench         speed, beside the limits and peers of this machine"
	@echo "make format, lint, install, uninstall, clean, distclean"
	@echo "variables: BUILD V=1 WERROR=1 CC CFLAGS DESTDIR FUZZ_SECONDS"

-include $(OBJ:.o=.d) $(MAIN_OBJ:.o=.d) $(LIVE:=.d) $(UNIT:=.d) $(UNIT_SHARED_OBJ:.o=.d) $(FUZZ:=.d) \
	$(FUZZ_SHARED_OBJ:.o=.d) $(BENCH:=.d) $(BENCH_SHARED_OBJ:.o=.d)
