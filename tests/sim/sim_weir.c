/* weir as the subject of scenarios: the service without its process, started as main() starts it. */
#include "sim.h"

#include <stdlib.h>

#include "app/service.h"
#include "app/settings.h"
#include "app/sink.h"
#include "conf/conf.h"

#define LOG_FD 1

struct weir {
	struct service *service;
	struct sink sink;
	bool drained;
};

static void weir_close(void *it)
{
	struct weir *w = it;

	service_close(&w->service);
	sink_close(&w->sink);
	free(w);
}

static void *weir_open(struct loop *l, const char *config, char *why, size_t why_cap)
{
	struct weir *w = calloc(1, sizeof(*w));

	must(w);
	sink_open(&w->sink, l, LOG_FD, LOG_LEVEL_INFO, LOG_FORM_JSON);
	w->service = service_open_text(l, config, "sim.yaml", &source_process, why, why_cap);
	if (!w->service) {
		weir_close(w);
		return NULL;
	}
	return w;
}

static const char *weir_addr(void *it)
{
	return service_addr(((struct weir *)it)->service);
}

static const char *weir_admin_addr(void *it)
{
	return service_admin_addr(((struct weir *)it)->service);
}

static bool weir_reload(void *it, const char *config, char *why, size_t why_cap)
{
	struct conf *c = conf_parse(slice_str(config), "sim.yaml", &settings_section, &source_process);

	return service_reload(((struct weir *)it)->service, c, why, why_cap);
}

static void on_drained(void *arg)
{
	((struct weir *)arg)->drained = true;
}

static void weir_drain(void *it)
{
	service_drain(((struct weir *)it)->service, on_drained, it);
}

static void weir_cut(void *it)
{
	service_cut(((struct weir *)it)->service);
}

static bool weir_drained(void *it)
{
	return ((struct weir *)it)->drained;
}

const struct sim_subject sim_subject = { weir_open, weir_addr, weir_admin_addr, weir_reload, weir_drain, weir_cut,
	weir_drained,
	weir_close };
