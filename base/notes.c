/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bounded list of warnings; see notes.h. */
#include "base/notes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

void notes_add(struct notes *notes, const char *format, ...)
{
	char text[ERR_TEXT_MAX];
	va_list args;

	if (!notes || notes->count >= NOTES_MAX)
		return;
	if (notes->count == NOTES_MAX - 1) {
		(void)snprintf(text, sizeof(text), "more was found than is listed here");
	} else {
		va_start(args, format);
		err_format(text, format, args);
		va_end(args);
	}
	notes->text[notes->count] = strdup(text);
	if (notes->text[notes->count])
		notes->count++;
}

void notes_clear(struct notes *notes)
{
	for (size_t i = 0; i < notes->count; i++)
		free(notes->text[i]);
	memset(notes, 0, sizeof(*notes));
}
