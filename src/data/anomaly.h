/* Task `anomaly`: one class is normal and trained on, all others are what must be told
 * from it. */
#ifndef NASMITH_DATA_ANOMALY_H
#define NASMITH_DATA_ANOMALY_H

#include "data/source.h"

/* What readers are asked for: classes, where the user asked for anomalies. */
nas_schema nas_anomaly_schema(const nas_data_options *options);

/* After a source was described: its labels become 0 (normal) and 1, its classes that
 * class and `anomaly`. Does nothing unless the schema says so.
 * @param schema  in: the normal class, or NULL: one called normal, good or ok, else the
 *                largest; out: its name, for the sources that follow
 * @return NAS_E_DATA, NAS_E_USAGE when there is no such class */
nas_status nas_anomaly_mark(nas_source *source, nas_schema *schema, nas_err *err);

/* After the split: anomalies that came among the training rows go to validation and,
 * where the split made it, to test, by turns. Labels turn into rows->anomalies, and
 * outputs are the inputs.
 * @param test_fixed test rows are those of files: none is added
 * @return NAS_E_DATA when validation or test lack one kind */
nas_status nas_anomaly_finish(nas_source *source, nas_rows *rows, bool test_fixed,
                              nas_err *err);

/* The outputs of an autoencoder are named after its inputs. */
nas_status nas_anomaly_outputs(nas_source *source, nas_err *err);

#endif
