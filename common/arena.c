/* SPDX-License-Identifier: MIT */
/* The arena: a chain of blocks, each filled from its start. */
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"

struct fleet_arena_block {
	struct fleet_arena_block *next;
	size_t used, size;
	alignas(max_align_t) unsigned char bytes[];
};

void fleet_arena_init(struct fleet_arena *arena, size_t cap)
{
	arena->blocks = NULL;
	arena->used = 0;
	arena->cap = cap;
}

void fleet_arena_finish(struct fleet_arena *arena)
{
	struct fleet_arena_block *block = arena->blocks;

	while (block) {
		struct fleet_arena_block *next = block->next;

		free(block);
		block = next;
	}
	fleet_arena_init(arena, arena->cap);
}

static struct fleet_arena_block *block_with(struct fleet_arena *arena, size_t bytes)
{
	struct fleet_arena_block *block = arena->blocks;
	size_t size = block ? block->size * 2 : (size_t)8 << 10;

	if (block && block->size - block->used >= bytes)
		return block;
	if (size > (size_t)1 << 20)
		size = (size_t)1 << 20;
	if (size < bytes)
		size = bytes;
	block = malloc(sizeof(*block) + size);
	if (!block)
		return NULL;
	block->next = arena->blocks;
	block->used = 0;
	block->size = size;
	arena->blocks = block;
	return block;
}

void *fleet_arena_alloc(struct fleet_arena *arena, size_t count, size_t size)
{
	const size_t align = alignof(max_align_t);
	struct fleet_arena_block *block;
	size_t bytes;
	void *memory;

	if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2)
		return NULL;
	if (bytes == 0)
		bytes = 1;
	bytes = (bytes + align - 1) / align * align;
	if (bytes > arena->cap || arena->used > arena->cap - bytes)
		return NULL;
	block = block_with(arena, bytes);
	if (!block)
		return NULL;
	memory = block->bytes + block->used;
	block->used += bytes;
	arena->used += bytes;
	memset(memory, 0, bytes);
	return memory;
}

char *fleet_arena_text(struct fleet_arena *arena, const char *text, size_t len)
{
	char *copy = len == SIZE_MAX ? NULL : fleet_arena_alloc(arena, len + 1, 1);

	if (copy && len)
		memcpy(copy, text, len);
	return copy;
}
