/* SPDX-License-Identifier: GPL-2.0-or-later */
/* elf.c - what an executable asks its dynamic linker for (elf.h) */
#include "vm/elf.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/vec.h"

struct image {
	const unsigned char *at;
	size_t n;
	Elf64_Ehdr head;
	bool bad;
};

/* Copy `size` bytes at an offset, or say that the file is bad. */
static bool get(struct image *i, uint64_t offset, void *to, size_t size)
{
	if (offset > i->n || size > i->n - offset) {
		i->bad = true;
		return false;
	}
	memcpy(to, i->at + offset, size);
	return true;
}

static bool header_of(struct image *i, uint32_t k, Elf64_Phdr *out)
{
	return get(i, i->head.e_phoff + (uint64_t)k * i->head.e_phentsize, out, sizeof *out);
}

/* The offset in the file of what is loaded at an address. */
static bool offset_of(struct image *i, uint64_t address, uint64_t *out)
{
	Elf64_Phdr p;

	for (uint32_t k = 0; k < i->head.e_phnum; k++) {
		if (!header_of(i, k, &p))
			return false;
		if (p.p_type == PT_LOAD && address >= p.p_vaddr &&
		    address - p.p_vaddr < p.p_filesz) {
			*out = p.p_offset + (address - p.p_vaddr);
			return true;
		}
	}
	i->bad = true;
	return false;
}

static const char *text_at(struct image *i, struct arena *a, uint64_t offset, uint64_t limit)
{
	uint64_t most = offset < i->n ? i->n - offset : 0;

	if (most > limit)
		most = limit;
	if (!most || !memchr(i->at + offset, '\0', most)) {
		i->bad = true;
		return NULL;
	}
	return arena_strndup(a, (const char *)i->at + offset, strlen((const char *)i->at + offset));
}

static void read_dynamic(struct image *i, struct arena *a, const Elf64_Phdr *p, struct elf *out)
{
	VEC(const char *) needed = {0};
	uint64_t strings = 0, size = 0, address = 0;
	bool have = false;

	for (int pass = 0; pass < 2 && !i->bad; pass++) {
		for (uint64_t at = 0; at + sizeof(Elf64_Dyn) <= p->p_filesz && !i->bad;
		     at += sizeof(Elf64_Dyn)) {
			Elf64_Dyn d;

			if (!get(i, p->p_offset + at, &d, sizeof d) || d.d_tag == DT_NULL)
				break;
			if (!pass && d.d_tag == DT_STRTAB)
				address = d.d_un.d_ptr, have = true;
			if (!pass && d.d_tag == DT_STRSZ)
				size = d.d_un.d_val;
			if (!pass ||
			    !(d.d_tag == DT_NEEDED || d.d_tag == DT_RPATH || d.d_tag == DT_RUNPATH))
				continue;

			const char *text =
			    d.d_un.d_val < size
				? text_at(i, a, strings + d.d_un.d_val, size - d.d_un.d_val)
				: NULL;

			if (!text)
				i->bad = true;
			else if (d.d_tag == DT_NEEDED)
				vec_push(&needed, text);
			else
				*(d.d_tag == DT_RPATH ? &out->rpath : &out->runpath) = text;
		}
		if (!pass && (!have || !offset_of(i, address, &strings)))
			break;
	}
	out->needed = arena_dup(a, needed.v, needed.n * sizeof *needed.v);
	out->nneeded = needed.n;
	vec_free(&needed);
}

int elf_read(struct arena *a, const void *bytes, size_t n, struct elf *out)
{
	struct image i = {.at = bytes, .n = n};
	struct elf e = {0};
	Elf64_Phdr p;

	if (n < sizeof i.head || memcmp(bytes, ELFMAG, SELFMAG))
		return -ENOEXEC;
	memcpy(&i.head, bytes, sizeof i.head);
	if (i.head.e_ident[EI_CLASS] != ELFCLASS64 || i.head.e_ident[EI_DATA] != ELFDATA2LSB ||
	    (i.head.e_type != ET_EXEC && i.head.e_type != ET_DYN))
		return -ENOEXEC;
	e.machine = i.head.e_machine;
	for (uint32_t k = 0; k < i.head.e_phnum && !i.bad; k++) {
		if (!header_of(&i, k, &p))
			break;
		if (p.p_type == PT_INTERP)
			e.interp = text_at(&i, a, p.p_offset, p.p_filesz);
		if (p.p_type == PT_DYNAMIC)
			read_dynamic(&i, a, &p, &e);
	}
	if (i.bad)
		return -EBADMSG;
	*out = e;
	return 0;
}
