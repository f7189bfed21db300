/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of `adefuse key`; see key_table.h. */
#include "config.h"

#include "cli/key_table.h"

#include <errno.h>
#include <string.h>

#include "base/text/units.h"
#include "net/json_write.h"

enum {
	SCHEMA_VERSION = 1,
	COLUMNS = 9
};

static const char *const titles[COLUMNS] = {
	"VOLUME", "PROTECTOR", "VAULT", "SECRET", "VERSION", "CREATED", "KEK", "ALGORITHM", "FILE"};

void key_table_clear(struct key_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->rows[i].file);
	free(table->rows);
	*table = (struct key_table){0};
}

struct key_row *key_table_add(struct key_table *table)
{
	struct key_row *rows = reallocarray(table->rows, table->count + 1, sizeof(*rows));

	if (!rows)
		return NULL;
	table->rows = rows;
	rows[table->count] = (struct key_row){0};
	return &rows[table->count++];
}

/* "https://HOST/secrets/..." -> "HOST", malloc'ed; "-" without a URL. */
static char *host_of(const char *url)
{
	const char *host = url ? strstr(url, "://") : NULL;

	return host ? strndup(host + 3, strcspn(host + 3, "/")) : strdup("-");
}

static char *text_or_dash(const char *text)
{
	char *copy = strdup(text && *text ? text : "-");

	if (copy)
		err_sanitise(copy); /* tags are foreign text */
	return copy;
}

static char *volume_text(unsigned int volume)
{
	char text[16];

	if (volume == 0)
		return strdup("?");
	(void)snprintf(text, sizeof(text), "p%u", volume);
	return strdup(text);
}

static void fill_cells(const struct key_row *row, char *cells[COLUMNS])
{
	const struct open_origin *origin = row->origin;
	bool vault = origin->secret_url != NULL;

	cells[0] = volume_text(row->volume);
	cells[1] = text_or_dash(row->has_id ? guid_format(&row->id).text : NULL);
	cells[2] = host_of(origin->secret_url);
	cells[3] = text_or_dash(vault ? origin->name : row->source);
	cells[4] = text_or_dash(origin->version);
	cells[5] = text_or_dash(origin->created > 0 ? units_unix_time(origin->created).text : NULL);
	cells[6] = text_or_dash(origin->kek_url);
	cells[7] = text_or_dash(origin->algorithm);
	cells[8] = text_or_dash(row->file);
}

static void print_line(const char *const *cells, const size_t *widths, FILE *out)
{
	for (size_t i = 0; i < COLUMNS; i++) {
		bool last = i + 1 == COLUMNS;

		(void)fprintf(out, "%-*s%s", last ? 0 : (int)widths[i], cells[i],
			      last ? "\n" : "  ");
	}
}

static bool all_there(char *const *cells, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!cells[i])
			return false;
	}
	return true;
}

int key_table_print(const struct key_table *table, FILE *out)
{
	size_t cell_count = table->count * COLUMNS;
	char **cells = calloc(cell_count + 1, sizeof(*cells));
	size_t widths[COLUMNS];
	int result = 0;

	if (!cells)
		return -ENOMEM;
	for (size_t i = 0; i < table->count; i++)
		fill_cells(&table->rows[i], cells + i * COLUMNS);
	if (!all_there(cells, cell_count))
		result = -ENOMEM;
	for (size_t i = 0; i < COLUMNS; i++)
		widths[i] = strlen(titles[i]);
	for (size_t i = 0; result == 0 && i < cell_count; i++) {
		if (strlen(cells[i]) > widths[i % COLUMNS])
			widths[i % COLUMNS] = strlen(cells[i]);
	}
	if (result == 0)
		print_line(titles, widths, out);
	for (size_t i = 0; result == 0 && i < table->count; i++)
		print_line((const char *const *)(cells + i * COLUMNS), widths, out);
	for (size_t i = 0; i < cell_count; i++)
		free(cells[i]);
	free(cells);
	return result;
}

static void write_row(struct json_writer *json, const struct key_row *row)
{
	const struct open_origin *origin = row->origin;
	struct time_text created = units_unix_time(origin->created);

	json_write_object(json, NULL);
	if (row->volume > 0)
		json_write_number(json, "volume", row->volume);
	else
		json_write_text(json, "volume", NULL);
	json_write_text(json, "protector_id", row->has_id ? guid_format(&row->id).text : NULL);
	json_write_text(json, "source", row->source);
	json_write_text(json, "secret", origin->secret_url);
	json_write_text(json, "name", origin->name);
	json_write_text(json, "version", origin->version);
	json_write_text(json, "created", origin->created > 0 ? created.text : NULL);
	json_write_text(json, "content_type", origin->content_type);
	json_write_text(json, "machine_name", origin->machine_name);
	json_write_text(json, "volume_letter", origin->volume_letter);
	json_write_text(json, "kek", origin->kek_url);
	json_write_text(json, "algorithm", origin->algorithm);
	json_write_text(json, "file", row->file);
	json_write_end(json);
}

char *key_table_json(const struct key_table *table, const char *disk)
{
	struct json_writer *json = json_write_new();

	if (!json)
		return NULL;
	json_write_number(json, "schema_version", SCHEMA_VERSION);
	json_write_text(json, "adefuse", PACKAGE_VERSION);
	json_write_text(json, "disk", disk);
	json_write_bool(json, "dry_run", table->dry_run);
	json_write_array(json, "keys");
	for (size_t i = 0; i < table->count; i++)
		write_row(json, &table->rows[i]);
	json_write_end(json);
	return json_write_finish(json);
}
