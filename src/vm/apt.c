/* SPDX-License-Identifier: GPL-2.0-or-later */
/* apt.c - an apt of agentcg's own (apt.h) */
#include "vm/apt.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "vm/child.h"
#include "vm/kernel.h"

#define KEYRING	    "/usr/share/keyrings/debian-archive-keyring.gpg"
#define LISTS_OLD_S 86400

void apt_say(const struct apt *w, const char *line)
{
	if (w->say)
		w->say(w->ctx, line);
}

int apt_complain_io(struct apt *w, const char *path, int err)
{
	diag_at(w->d, E_VM_FETCH, (struct span){0}, "`%s` cannot be written: %s", path,
		strerror(-err));
	if (err == -ENOSPC || err == -EDQUOT)
		diag_hint(w->d, "XDG_CACHE_HOME can name a folder with more room");
	return err;
}

/* apt's first error, without its E: */
static const char *first_error(struct apt *w)
{
	static const char *const marks[] = {"\nE: ", "\nW: ", "\n"};
	struct buf text = {0};
	const char *found = "";

	buf_printf(&text, "\n%s", buf_str(&w->errors));
	for (size_t i = 0; i < sizeof marks / sizeof *marks && !*found; i++) {
		const char *p = strstr(buf_str(&text), marks[i]);

		if (!p)
			continue;
		p += strlen(marks[i]);
		found = arena_strndup(w->a, p, strcspn(p, "\n"));
	}
	buf_free(&text);
	return found;
}

bool apt_said(const struct apt *w, const char *words)
{
	return strstr(buf_str(&w->errors), words) != NULL;
}

int apt_complain_network(struct apt *w, const char *why)
{
	diag_at(w->d, E_VM_FETCH, (struct span){0},
		"the kernel `%s` cannot be fetched: Debian's archive cannot be reached", w->name);
	diag_hint(w->d, "%s", why);
	return -ENETUNREACH;
}

/* A program of apt's has failed: say why as plainly as it lets us know. */
int apt_complain(struct apt *w, const char *what, int ret)
{
	static const char *const network[] = {"Temporary failure resolving",
					      "Could not resolve",
					      "Could not connect",
					      "Unable to connect",
					      "Connection failed",
					      "Connection timed out",
					      "Network is unreachable",
					      "No route to host",
					      "Failed to fetch",
					      "Cannot initiate the connection"};

	if (ret == -EINTR)
		return ret;
	if (ret == -ENOENT || ret == 127) {
		diag_at(w->d, E_VM_FETCH, (struct span){0},
			"fetching kernels needs apt and dpkg, which are not here");
		diag_hint(w->d, "give the path of a kernel image: --vm=/path/to/vmlinuz");
		return -ENOENT;
	}
	if (apt_said(w, "No space left on device") || apt_said(w, "Disk quota exceeded"))
		return apt_complain_io(w, w->cache, -ENOSPC);
	for (size_t i = 0; i < sizeof network / sizeof *network; i++) {
		if (apt_said(w, network[i]))
			return apt_complain_network(w, first_error(w));
	}
	diag_at(w->d, E_VM_FETCH, (struct span){0}, "the kernel `%s` cannot be fetched: %s failed",
		w->name, what);
	if (*first_error(w))
		diag_hint(w->d, "%s", first_error(w));
	return -EIO;
}

int apt_run(struct apt *w, const char *const *argv, struct buf *out)
{
	buf_clear(&w->errors);
	return child_run(argv, w->stop, out, &w->errors);
}

/*
 * The mirrors that this host uses: the first repository of a Debian release, and the one of its
 * security updates.
 */
static void find_mirrors(struct apt *w, const char **debian, const char **security)
{
	static const char *const argv[] = {
	    "apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages",
	    NULL};
	static const char *const releases[] = {"bookworm", "trixie",	"forky",  "sid",
					       "stable",   "oldstable", "testing"};
	struct buf out = {0};

	*debian = "http://deb.debian.org/debian";
	*security = "http://deb.debian.org/debian-security";
	/* Our own state does not have them: without -c. */
	if (apt_run(w, argv, &out)) {
		buf_free(&out);
		return;
	}

	bool have_debian = false, have_security = false;

	for (const char *p = buf_str(&out); *p;) {
		size_t len = strcspn(p, "\n"), uri = strcspn(p, " \n");
		const char *release = p + uri + (p[uri] == ' ');
		size_t n = (size_t)(p + len - release);

		for (size_t i = 0; i < sizeof releases / sizeof *releases && uri < len; i++) {
			size_t k = strlen(releases[i]);

			if (n < k || memcmp(release, releases[i], k))
				continue;
			if (n == k && !have_debian) {
				*debian = arena_strndup(w->a, p, uri);
				have_debian = true;
			}
			if (n == k + 9 && !memcmp(release + k, "-security", 9) && !have_security) {
				*security = arena_strndup(w->a, p, uri);
				have_security = true;
			}
		}
		p += len + (p[len] == '\n');
	}
	buf_free(&out);
}

static int write_if_new(struct apt *w, const char *path, const struct buf *text)
{
	char old[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, old, sizeof old);
	int err;

	if (fd >= 0)
		close(fd);
	if (n == (ssize_t)text->n && !memcmp(old, text->s, text->n))
		return 0;
	err = buf_write_file(text, path);
	return err ? apt_complain_io(w, path, err) : 0;
}

int apt_prepare(struct apt *w)
{
	static const char *const folders[] = {"lists/partial", "archives/partial"};
	const char *debian, *security;
	struct buf b = {0};
	int err = 0;

	for (size_t i = 0; i < sizeof folders / sizeof *folders && !err; i++) {
		const char *path = arena_printf(w->a, "%s/%s", w->folder, folders[i]);

		err = kernel_make_dirs(path);
		if (err)
			return apt_complain_io(w, path, err);
	}
	find_mirrors(w, &debian, &security);
#define SUITE(uri, suite)                                                                          \
	buf_printf(&b, "deb [signed-by=" KEYRING " arch=amd64] %s %s main\n", uri, suite)
	SUITE(debian, "bookworm");
	SUITE(security, "bookworm-security");
	SUITE(debian, "bookworm-backports");
	SUITE(debian, "trixie-backports");
#undef SUITE
	err = write_if_new(w, arena_printf(w->a, "%s/sources.list", w->folder), &b);
	if (err)
		goto out;
	buf_clear(&b);
	/*
	 * Read after the host's own configuration, so that its proxies count and what it does after
	 * an update (to the host) does not.  Where we are root apt would become _apt, which cannot
	 * write to a cache in root's home.
	 */
	buf_printf(&b,
		   "Dir \"%s\";\n"
		   "Dir::State \"%s\";\n"
		   "Dir::State::lists \"lists\";\n"
		   "Dir::State::status \"/dev/null\";\n"
		   "Dir::Cache \"%s\";\n"
		   "Dir::Cache::archives \"archives\";\n"
		   "Dir::Cache::pkgcache \"\";\n"
		   "Dir::Cache::srcpkgcache \"\";\n"
		   "Dir::Etc::sourcelist \"%s/sources.list\";\n"
		   "Dir::Etc::sourceparts \"/dev/null\";\n"
		   "Dir::Etc::preferences \"/dev/null\";\n"
		   "Dir::Etc::preferencesparts \"/dev/null\";\n"
		   "APT::Architecture \"amd64\";\n"
		   "#clear APT::Architectures;\n"
		   "APT::Architectures { \"amd64\"; };\n"
		   "APT::Sandbox::User \"root\";\n"
		   "Acquire::Languages \"none\";\n"
		   "#clear APT::Update::Pre-Invoke;\n"
		   "#clear APT::Update::Post-Invoke;\n"
		   "#clear APT::Update::Post-Invoke-Success;\n",
		   w->folder, w->folder, w->folder, w->folder);
	err = write_if_new(w, w->conf, &b);
out:
	buf_free(&b);
	return err;
}

bool apt_is_fresh(const struct apt *w)
{
	struct stat st;

	return !stat(arena_printf(w->a, "%s/updated", w->folder), &st) &&
	       time(NULL) - st.st_mtime < LISTS_OLD_S && st.st_mtime <= time(NULL);
}

int apt_update(struct apt *w)
{
	const char *argv[] = {"apt-get", "-q", "-c", w->conf, "update", NULL};
	const char *stamp = arena_printf(w->a, "%s/updated", w->folder);
	struct buf none = {0}, out = {0};
	int ret;

	if (access(KEYRING, R_OK)) {
		diag_at(w->d, E_VM_FETCH, (struct span){0},
			"kernels are checked against Debian's keys, which are not here: " KEYRING);
		diag_hint(w->d, "apt-get install debian-archive-keyring");
		return -ENOENT;
	}
	apt_say(w, "fetching the lists of Debian's kernels");
	ret = apt_run(w, argv, &out);
	/* What could not be fetched is a warning to apt as long as old lists are there. */
	buf_put(&w->errors, out.s, out.n);
	buf_free(&out);
	if (ret)
		return apt_complain(w, "apt-get update", ret);
	w->updated = true;
	if (apt_said(w, "Err:"))
		w->unreachable = first_error(w);
	else
		ret = buf_write_file(&none, stamp);
	return ret ? apt_complain_io(w, stamp, ret) : 0;
}
