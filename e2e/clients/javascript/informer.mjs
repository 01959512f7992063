// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Prints what the informer of the JavaScript client observes of the user's namespaces, one JSON object a
// line. It is written as the client's examples are: after an error the informer is started again.
import { KubeConfig, CustomObjectsApi, makeInformer } from '@kubernetes/client-node';

const [group, version, plural] = ['tenantview.capsule.dev', 'v1alpha1', 'tenantnamespaces'];

const config = new KubeConfig();
config.loadFromDefault();
const api = config.makeApiClient(CustomObjectsApi);

const print = (type, name) => console.log(JSON.stringify({ observer: 'javascript informer', type, name }));
const informer = makeInformer(config, `/apis/${group}/${version}/${plural}`, () =>
	api.listClusterCustomObject({ group, version, plural }));
informer.on('add', (o) => print('ADDED', o.metadata.name));
informer.on('update', (o) => print('MODIFIED', o.metadata.name));
informer.on('delete', (o) => print('DELETED', o.metadata.name));
informer.on('error', (err) => {
	console.error(String(err));
	setTimeout(() => informer.start(), 200);
});
informer.start();
