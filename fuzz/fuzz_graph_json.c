/* layer: graph. Any bytes as a network: a graph that survives a round trip, or one line.
 */
#include "nasmith/graph.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(const nas_graph *graph)
{
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    nas_graph_write_json(graph, &json);
    nas_graph *again = NULL;
    nas_err err = {0};
    if (nas_graph_read_json(text.data, text.length, "again", &again, &err) != NAS_OK ||
        nas_graph_hash(graph) != nas_graph_hash(again) ||
        nas_graph_macs(graph) != nas_graph_macs(again))
        abort();
    nas_graph_free(again);
    nas_text_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nas_err err = {0};
    nas_graph *graph = NULL;
    nas_status status =
        nas_graph_read_json((const char *)data, size, "input", &graph, &err);
    if ((status == NAS_OK) != (graph != NULL) || strchr(err.text, '\n') != NULL)
        abort();
    if (graph != NULL)
        round_trip(graph);
    nas_graph_free(graph);
    return 0;
}
